(with-eval-after-load 'eglot
  (add-to-list 'eglot-server-programs
               '(((yaml-mode :language-id "yaml")
                  (yaml-ts-mode :language-id "yaml")
                  (json-mode :language-id "json")
                  (js-json-mode :language-id "json")
                  (json-ts-mode :language-id "json")
                  (python-mode :language-id "python")
                  (python-ts-mode :language-id "python"))
                 . ("s3ap-lint" "lsp"))))

(dolist (hook '(yaml-mode-hook yaml-ts-mode-hook json-mode-hook js-json-mode-hook json-ts-mode-hook
                python-mode-hook python-ts-mode-hook))
  (add-hook hook #'eglot-ensure))
