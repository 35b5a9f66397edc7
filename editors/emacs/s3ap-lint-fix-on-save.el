(defun s3ap-lint-fix-all ()
  "Apply all safe fixes of s3ap-lint to the buffer."
  (interactive)
  (when (and (fboundp 'eglot-managed-p) (eglot-managed-p)
             (eglot-code-actions (point-min) (point-max) "source.fixAll.s3ap-lint"))
    (eglot-code-actions (point-min) (point-max) "source.fixAll.s3ap-lint" t)))

(add-hook 'before-save-hook #'s3ap-lint-fix-all)
